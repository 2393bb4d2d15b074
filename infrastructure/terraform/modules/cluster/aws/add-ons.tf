# A node is ready when its network is; so these come before the nodes.
resource "aws_eks_addon" "before_nodes" {
  for_each = {
    vpc-cni                = jsonencode({ enableNetworkPolicy = "true" })
    kube-proxy             = null
    eks-pod-identity-agent = null
  }
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  configuration_values        = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
}

# These are deployments: without nodes they would never become healthy.
resource "aws_eks_addon" "after_nodes" {
  for_each = {
    coredns            = null
    aws-ebs-csi-driver = jsonencode({ defaultStorageClass = { enabled = true } })
  }
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = each.key
  configuration_values        = each.value
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"

  depends_on = [aws_eks_node_group.this, aws_eks_pod_identity_association.volumes]
}

resource "aws_eks_pod_identity_association" "volumes" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "kube-system"
  service_account = "ebs-csi-controller-sa"
  role_arn        = aws_iam_role.volumes.arn
}

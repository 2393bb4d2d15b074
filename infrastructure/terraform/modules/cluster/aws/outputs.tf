output "cluster" {
  description = "The cluster, in the shape that the hub module takes whichever the provider."
  value = {
    provider                    = "aws"
    name                        = aws_eks_cluster.this.name
    endpoint                    = aws_eks_cluster.this.endpoint
    certificate_authority       = aws_eks_cluster.this.certificate_authority[0].data
    kubernetes_version          = aws_eks_cluster.this.version
    zones                       = length(var.network.zones)
    storage_class               = "ebs-csi-default-sc"
    image_repository            = var.image_repository
    service_account_annotations = {} # Pod identity binds a role to a service account outside of Kubernetes.
    kubeconfig_command          = ["aws", "eks", "update-kubeconfig", "--region", data.aws_region.current.name, "--name", aws_eks_cluster.this.name]
  }

  # Whoever gets the cluster gets one in which pods can start and administrators can log in.
  depends_on = [aws_eks_addon.after_nodes, aws_eks_access_policy_association.administrator]
}

output "name" {
  description = "Name of the EKS cluster, known as soon as its control plane is there."
  value       = aws_eks_cluster.this.name
}

output "security_group" {
  description = "Security group of the nodes, known before the control plane is there."
  value       = aws_security_group.node.id
}

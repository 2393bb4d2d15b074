data "aws_caller_identity" "current" {}

# Turns the session of an assumed role into the role itself, which is what an access entry names.
data "aws_iam_session_context" "current" {
  arn = data.aws_caller_identity.current.arn
}

locals {
  administrators = coalescelist(var.administrators, [data.aws_iam_session_context.current.issuer_arn])
}

resource "aws_eks_access_entry" "administrator" {
  for_each      = toset(local.administrators)
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = each.value
}

resource "aws_eks_access_policy_association" "administrator" {
  for_each      = aws_eks_access_entry.administrator
  cluster_name  = each.value.cluster_name
  principal_arn = each.value.principal_arn
  policy_arn    = "arn:${data.aws_partition.current.partition}:eks::aws:cluster-access-policy/AmazonEKSClusterAdminPolicy"

  access_scope {
    type = "cluster"
  }
}

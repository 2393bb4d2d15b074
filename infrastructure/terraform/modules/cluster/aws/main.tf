data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  policy_prefix = "arn:${data.aws_partition.current.partition}:iam::aws:policy"
}

# Made before the cluster: otherwise EKS makes it, unencrypted and kept for ever.
resource "aws_cloudwatch_log_group" "control_plane" {
  name              = "/aws/eks/${var.name}-cluster/cluster"
  kms_key_id        = var.log_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_security_group" "api" {
  name        = "${var.name}-api"
  description = "Kubernetes API of ${var.name}"
  vpc_id      = var.network.identifier
  tags        = { Name = "${var.name}-api" }

  # Nodes are let in by their own group (nodes.tf); this one is for operators who come through a VPN or a session on a node.
  ingress {
    description = "Kubernetes API from the network"
    from_port   = 443
    to_port     = 443
    protocol    = "tcp"
    cidr_blocks = [var.network.cidr]
  }
}

resource "aws_eks_cluster" "this" {
  name                      = "${var.name}-cluster"
  version                   = var.kubernetes_version
  role_arn                  = aws_iam_role.cluster.arn
  enabled_cluster_log_types = ["api", "audit", "authenticator", "controllerManager", "scheduler"]

  access_config {
    authentication_mode = "API"

    # Administrators are access entries that a plan shows, not a right that the first caller keeps unseen.
    bootstrap_cluster_creator_admin_permissions = false
  }

  vpc_config {
    subnet_ids              = var.network.private_subnets
    security_group_ids      = [aws_security_group.api.id, aws_security_group.node.id]
    endpoint_private_access = true
    endpoint_public_access  = length(var.api_access_cidrs) > 0
    public_access_cidrs     = length(var.api_access_cidrs) > 0 ? var.api_access_cidrs : null
  }

  encryption_config {
    resources = ["secrets"]

    provider {
      key_arn = var.key_arn
    }
  }

  # AWS asks for the administrator's right at creation only, and from the mode API no way leads back to another.
  # So nothing here can change in place later: a difference could only mean a new cluster, which must not come from a plan.
  lifecycle {
    ignore_changes = [access_config]
  }

  depends_on = [
    aws_cloudwatch_log_group.control_plane,
    aws_iam_role_policy_attachment.cluster,
    aws_iam_role_policy.cluster_key,
  ]
}

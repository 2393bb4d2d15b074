data "aws_default_tags" "current" {}

locals {
  # Graviton types have a g after the generation: m7g, c8gn, r6gd.
  arm = can(regex("^[a-z]+[0-9]+g", var.node_instance_type))
}

# The nodes and the control plane share this group, and the database admits it. The group that EKS makes is left to EKS.
# Its rules are resources of their own, because a controller in the cluster adds one for each load balancer:
# with rules inside of the group the next apply would take them away, and the callers with them.
resource "aws_security_group" "node" {
  name        = "${var.name}-node"
  description = "Nodes of ${var.name}"
  vpc_id      = var.network.identifier
  tags        = { Name = "${var.name}-node" }
}

resource "aws_vpc_security_group_ingress_rule" "node" {
  security_group_id            = aws_security_group.node.id
  ip_protocol                  = "-1"
  referenced_security_group_id = aws_security_group.node.id
}

resource "aws_vpc_security_group_egress_rule" "network" {
  security_group_id = aws_security_group.node.id
  description       = "Everything in the network: each other, names, the database, AWS services"
  ip_protocol       = "-1"
  cidr_ipv4         = var.network.cidr
}

# FSPs choose the addresses and ports at which they are called back.
resource "aws_vpc_security_group_egress_rule" "internet" {
  security_group_id = aws_security_group.node.id
  description       = "FSPs and registries"
  ip_protocol       = "tcp"
  from_port         = 0
  to_port           = 65535
  cidr_ipv4         = "0.0.0.0/0"
}

resource "aws_launch_template" "node" {
  name                   = "${var.name}-node"
  description            = "Nodes of ${var.name}"
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.node.id]

  metadata_options {
    http_endpoint = "enabled"
    http_tokens   = "required"

    # One hop ends at the node itself: pods can't take the node's role.
    http_put_response_hop_limit = 1
  }

  block_device_mappings {
    device_name = "/dev/xvda"

    ebs {
      volume_type           = "gp3"
      volume_size           = var.node_volume_gib
      encrypted             = true
      kms_key_id            = var.key_arn
      delete_on_termination = true
    }
  }

  # The provider's default tags don't reach what a launch template starts.
  dynamic "tag_specifications" {
    for_each = toset(["instance", "volume"])
    content {
      resource_type = tag_specifications.value
      tags          = merge(data.aws_default_tags.current.tags, { Name = "${var.name}-node" })
    }
  }

  # A tag that changes later is no reason for a new version, which would replace every node.
  lifecycle {
    ignore_changes = [tag_specifications]
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "${var.name}-nodes"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = var.network.private_subnets
  version         = var.kubernetes_version
  ami_type        = local.arm ? "AL2023_ARM_64_STANDARD" : "AL2023_x86_64_STANDARD"
  capacity_type   = "ON_DEMAND"
  instance_types  = [var.node_instance_type]

  launch_template {
    id      = aws_launch_template.node.id
    version = aws_launch_template.node.latest_version
  }

  scaling_config {
    desired_size = var.node_count_min
    min_size     = var.node_count_min
    max_size     = var.node_count_max
  }

  update_config {
    max_unavailable = 1
  }

  # The cluster's autoscaler owns the size between the bounds.
  lifecycle {
    ignore_changes = [scaling_config[0].desired_size]
  }

  # A node that can't reach the control plane, or that it can't reach, never becomes ready.
  depends_on = [
    aws_eks_addon.before_nodes,
    aws_iam_role_policy_attachment.node,
    aws_vpc_security_group_egress_rule.internet,
    aws_vpc_security_group_egress_rule.network,
    aws_vpc_security_group_ingress_rule.node,
  ]
}

data "aws_default_tags" "current" {}

locals {
  # Graviton types have a g after the generation: m7g, c8gn, r6gd.
  arm = can(regex("^[a-z]+[0-9]+g", var.node_instance_type))
}

# The nodes and the control plane share this group, and the database admits it. The group that EKS makes is left to EKS.
resource "aws_security_group" "node" {
  name        = "${var.name}-node"
  description = "Nodes of ${var.name}"
  vpc_id      = var.network.identifier
  tags        = { Name = "${var.name}-node" }

  ingress {
    description = "Nodes, pods and the control plane among each other"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    self        = true
  }

  egress {
    description = "All of the network: each other, the database, AWS services"
    from_port   = 0
    to_port     = 0
    protocol    = "-1"
    cidr_blocks = [var.network.cidr]
  }

  # FSPs choose the addresses and ports at which they are called back.
  egress {
    description = "FSPs and registries"
    from_port   = 0
    to_port     = 65535
    protocol    = "tcp"
    cidr_blocks = ["0.0.0.0/0"]
  }
}

# Controllers in the cluster let each load balancer in by a rule of their own, in the one group of a node with this tag.
# In the group above the next apply would take such a rule away, and the callers with it; this one has no rules here, so it keeps theirs.
resource "aws_security_group" "load_balancers" {
  name        = "${var.name}-load-balancers"
  description = "Load balancers in front of the nodes of ${var.name}"
  vpc_id      = var.network.identifier
  tags = {
    Name                                        = "${var.name}-load-balancers"
    "kubernetes.io/cluster/${var.name}-cluster" = "owned"
  }
}

resource "aws_launch_template" "node" {
  name                   = "${var.name}-node"
  description            = "Nodes of ${var.name}"
  update_default_version = true
  vpc_security_group_ids = [aws_security_group.node.id, aws_security_group.load_balancers.id]

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

  depends_on = [aws_iam_role_policy_attachment.node, aws_eks_addon.before_nodes]
}

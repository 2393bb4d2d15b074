data "aws_caller_identity" "current" {}
data "aws_partition" "current" {}
data "aws_region" "current" {}

locals {
  account   = data.aws_caller_identity.current.account_id
  partition = data.aws_partition.current.partition
  region    = data.aws_region.current.name

  # Without this statement IAM policies of the account count for nothing, and a mistake in a key's policy locks everybody out.
  account_statement = {
    Sid       = "AccountDecidesByIam"
    Effect    = "Allow"
    Principal = { AWS = "arn:${local.partition}:iam::${local.account}:root" }
    Action    = "kms:*"
    Resource  = "*"
  }
}

# Three keys, because whoever may read logs need not be able to read payments, nor what Kubernetes keeps.
resource "aws_kms_key" "cluster" {
  description             = "${var.name}: secrets in Kubernetes and volumes of its nodes"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_protection ? 30 : 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.account_statement,
      {
        # The roles that start nodes are linked to services and can't be named before they exist;
        # so every role of this account may use the key, but only through EC2.
        Sid       = "NodeVolumes"
        Effect    = "Allow"
        Principal = { AWS = "*" }
        Action    = ["kms:CreateGrant", "kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          StringEquals = {
            "kms:CallerAccount" = local.account
            "kms:ViaService"    = "ec2.${local.region}.amazonaws.com"
          }
        }
      },
    ]
  })
}

resource "aws_kms_key" "data" {
  description             = "${var.name}: database, its password and its backups"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_protection ? 30 : 7
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [local.account_statement]
  })
}

resource "aws_kms_key" "operations" {
  description             = "${var.name}: logs, alarms and images"
  enable_key_rotation     = true
  deletion_window_in_days = var.deletion_protection ? 30 : 7
  policy = jsonencode({
    Version = "2012-10-17"
    Statement = [
      local.account_statement,
      {
        Sid       = "Logs"
        Effect    = "Allow"
        Principal = { Service = "logs.${local.region}.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:DescribeKey", "kms:Encrypt", "kms:GenerateDataKey*", "kms:ReEncrypt*"]
        Resource  = "*"
        Condition = {
          ArnLike = { "kms:EncryptionContext:aws:logs:arn" = "arn:${local.partition}:logs:${local.region}:${local.account}:*" }
        }
      },
      {
        Sid       = "Alarms"
        Effect    = "Allow"
        Principal = { Service = "cloudwatch.amazonaws.com" }
        Action    = ["kms:Decrypt", "kms:GenerateDataKey*"]
        Resource  = "*"
        Condition = { StringEquals = { "aws:SourceAccount" = local.account } }
      },
    ]
  })
}

resource "aws_kms_alias" "cluster" {
  name          = "alias/${var.name}-cluster"
  target_key_id = aws_kms_key.cluster.key_id
}

resource "aws_kms_alias" "data" {
  name          = "alias/${var.name}-data"
  target_key_id = aws_kms_key.data.key_id
}

resource "aws_kms_alias" "operations" {
  name          = "alias/${var.name}-operations"
  target_key_id = aws_kms_key.operations.key_id
}

data "aws_partition" "current" {}

# Copies are what is left when everything else was deleted by mistake, so nothing here deletes them, protected or not:
# AWS refuses to delete a vault that holds any.
resource "aws_backup_vault" "this" {
  name        = "${var.name}-backup"
  kms_key_arn = var.key_arn

  # Copies that have reached their age are deleted with the role that made them; so it stays as long as the vault.
  depends_on = [aws_iam_role_policy_attachment.backup]
}

# The database keeps its own backups, but they die with it; copies in the vault don't.
resource "aws_backup_plan" "this" {
  name = "${var.name}-backup"

  rule {
    rule_name         = "daily"
    target_vault_name = aws_backup_vault.this.name
    schedule          = "cron(0 4 * * ? *)"
    start_window      = 60
    completion_window = 360

    lifecycle {
      delete_after = var.retention_days
    }
  }
}

resource "aws_backup_selection" "database" {
  name         = "database"
  plan_id      = aws_backup_plan.this.id
  iam_role_arn = aws_iam_role.backup.arn
  resources    = [var.database_arn]
}

resource "aws_iam_role" "backup" {
  name        = "${var.name}-backup"
  description = "Lets AWS Backup copy the database of ${var.name}"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Action    = "sts:AssumeRole"
      Principal = { Service = "backup.amazonaws.com" }
    }]
  })
}

resource "aws_iam_role_policy_attachment" "backup" {
  role       = aws_iam_role.backup.name
  policy_arn = "arn:${data.aws_partition.current.partition}:iam::aws:policy/service-role/AWSBackupServiceRolePolicyForBackup"
}

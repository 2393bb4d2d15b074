output "bucket" {
  description = "Name of the bucket for exports."
  value       = aws_s3_bucket.backup.bucket
}

output "vault" {
  description = "Name of the backup vault."
  value       = aws_backup_vault.this.name
}

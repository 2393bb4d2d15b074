output "database" {
  description = "The database, in the shape that the hub module takes whichever the provider."
  value = {
    provider       = "aws"
    engine_version = var.engine_version
    host           = aws_rds_cluster.this.endpoint
    reader_host    = aws_rds_cluster.this.reader_endpoint
    port           = aws_rds_cluster.this.port
    name           = aws_rds_cluster.this.database_name
    user           = aws_rds_cluster.this.master_username
    tls = {
      mode                      = "verify-full"
      certificate_authority_url = "https://truststore.pki.rds.amazonaws.com/global/global-bundle.pem"
    }
    credentials = {
      kind         = "aws-secrets-manager"
      reference    = aws_rds_cluster.this.master_user_secret[0].secret_arn
      user_key     = "username"
      password_key = "password"
    }
  }

  # A cluster without instances has an address but answers nobody.
  depends_on = [aws_rds_cluster_instance.this]
}

output "identifier" {
  description = "Identifier of the Aurora cluster."
  value       = aws_rds_cluster.this.cluster_identifier
}

output "arn" {
  description = "ARN of the Aurora cluster."
  value       = aws_rds_cluster.this.arn
}

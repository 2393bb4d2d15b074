output "keys" {
  description = "ARNs of the keys by purpose."
  value = {
    cluster    = aws_kms_key.cluster.arn
    data       = aws_kms_key.data.arn
    operations = aws_kms_key.operations.arn
  }
}

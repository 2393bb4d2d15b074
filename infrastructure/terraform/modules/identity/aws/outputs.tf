output "role_arn" {
  description = "ARN of the role that the hub's pods take."
  value       = aws_iam_role.hub.arn
}

output "repository" {
  description = "Repository of the hub's image, without tag."
  value       = aws_ecr_repository.hub.repository_url
}

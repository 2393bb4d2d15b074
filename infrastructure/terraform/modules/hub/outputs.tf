output "values" {
  description = "What the hub's Helm chart has to know about the infrastructure."
  value       = local.values
}

output "secrets" {
  description = "Where the hub's secrets are. References only."
  value       = { database = var.database.credentials }
}

output "cluster" {
  description = "The cluster, in the shape of every provider."
  value       = module.cluster.cluster
}

output "database" {
  description = "The database, in the shape of every provider. Credentials are named, never given."
  value       = module.database.database
}

output "values" {
  description = "What the hub's Helm chart has to know about the infrastructure."
  value       = module.hub.values
}

output "secrets" {
  description = "Where the hub's secrets are. References only."
  value       = module.hub.secrets
}

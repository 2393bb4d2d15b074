locals {
  cluster_hosts = [for host in var.hosts : host if length(setintersection(host.roles, ["control-plane", "worker"])) > 0]
  database_host = [for host in var.hosts : host if contains(host.roles, "database")][0]

  # Pods reach other hosts with their node's address, and their own host with one of their own range.
  pod_cidr = "10.1.0.0/16"
}

module "cluster" {
  source = "../modules/cluster/on-premises"

  name                 = var.name
  hosts                = local.cluster_hosts
  ssh_private_key_file = var.ssh_private_key_file
  join_token_file      = var.cluster_join_token_file
  kubernetes_version   = var.kubernetes_version
  minimum_cores        = var.minimum_cores
  minimum_memory_mib   = var.minimum_memory_mib
}

module "database" {
  source = "../modules/database/on-premises"

  name                 = var.name
  host                 = local.database_host
  client_cidrs         = concat([for host in local.cluster_hosts : "${host.address}/32"], [local.pod_cidr])
  ssh_private_key_file = var.ssh_private_key_file
  password_file        = var.database_password_file
  password_version     = var.database_password_version
  certificate_file     = var.database_certificate_file
  certificate_key_file = var.database_certificate_key_file
}

module "hub" {
  source = "../modules/hub"

  name                = var.name
  environment         = var.environment
  payments_per_second = var.payments_per_second
  namespace           = var.namespace
  service_account     = var.service_account
  cluster             = module.cluster.cluster
  database            = module.database.database
}

provider "aws" {
  region = var.region

  default_tags {
    tags = merge(var.tags, {
      project     = var.name
      environment = var.environment
      managed-by  = "mojaloop"
    })
  }
}

module "encryption" {
  source = "../modules/encryption/aws"

  name                = var.name
  deletion_protection = var.deletion_protection
}

module "network" {
  source = "../modules/network/aws"

  name               = var.name
  cidr               = var.network_cidr
  zones              = var.zones
  log_key_arn        = module.encryption.keys.operations
  log_retention_days = var.log_retention_days
}

module "registry" {
  source = "../modules/registry/aws"

  name                = var.name
  key_arn             = module.encryption.keys.operations
  deletion_protection = var.deletion_protection
}

module "cluster" {
  source = "../modules/cluster/aws"

  name               = var.name
  network            = module.network.network
  kubernetes_version = var.kubernetes_version
  node_instance_type = var.node_instance_type
  node_count_min     = var.node_count_min
  node_count_max     = var.node_count_max
  administrators     = var.administrators
  api_access_cidrs   = var.api_access_cidrs
  key_arn            = module.encryption.keys.cluster
  log_key_arn        = module.encryption.keys.operations
  log_retention_days = var.log_retention_days
  image_repository   = module.registry.repository
}

module "database" {
  source = "../modules/database/aws"

  name                  = var.name
  network               = module.network.network
  client_security_group = module.cluster.security_group
  engine_version        = var.database_version
  instance_class        = var.database_instance_class
  instances             = var.database_instances
  backup_retention_days = var.backup_retention_days
  deletion_protection   = var.deletion_protection
  key_arn               = module.encryption.keys.data
  log_key_arn           = module.encryption.keys.operations
  log_retention_days    = var.log_retention_days
}

module "identity" {
  source = "../modules/identity/aws"

  name            = var.name
  cluster_name    = module.cluster.name
  namespace       = var.namespace
  service_account = var.service_account
  secret_arn      = module.database.database.credentials.reference
  key_arn         = module.encryption.keys.data
}

module "backup" {
  source = "../modules/backup/aws"

  name                = var.name
  database_arn        = module.database.arn
  key_arn             = module.encryption.keys.data
  retention_days      = var.backup_retention_days
  deletion_protection = var.deletion_protection
}

module "monitoring" {
  source = "../modules/monitoring/aws"

  name                = var.name
  database_identifier = module.database.identifier
  vault_name          = module.backup.vault
  key_arn             = module.encryption.keys.operations
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

  operations = {
    backup_location = "s3://${module.backup.bucket}"
    alarm_topic     = module.monitoring.topic
  }
}

module "hub" {
  source = "../modules/hub"

  name                = var.name
  environment         = var.environment
  payments_per_second = var.payments_per_second
  namespace           = var.namespace
  service_account     = var.service_account
  cluster             = var.cluster
  database            = var.database
}

locals {
  # Two replicas are the fewest that survive the loss of one. With zones, one in each, so that it may be a whole zone.
  replicas = max(2, var.cluster.zones)

  values = {
    name                = var.name
    environment         = var.environment
    payments_per_second = var.payments_per_second
    namespace           = var.namespace
    replicas            = local.replicas
    storage_class       = var.cluster.storage_class

    image = {
      repository = var.cluster.image_repository
    }

    service_account = {
      name        = var.service_account
      annotations = var.cluster.service_account_annotations
    }

    topology = {
      zones              = var.cluster.zones
      key                = var.cluster.zones > 1 ? "topology.kubernetes.io/zone" : "kubernetes.io/hostname"
      when_unsatisfiable = "ScheduleAnyway" # a hub that is unevenly spread is better than one that is not scheduled
    }

    database = {
      host        = var.database.host
      reader_host = var.database.reader_host
      port        = var.database.port
      name        = var.database.name
      user        = var.database.user
      tls         = var.database.tls
    }

    operations = var.operations
  }
}

# A destroy of a protected hub would take nodes, routes and instances away before AWS refuses to delete the database.
# This resource depends on everything, so it is the first to go; while the hub is protected it doesn't, and nothing else does.
# Lift the protection with an apply of deletion_protection = false, then destroy.
resource "terraform_data" "deletion_guard" {
  input = var.deletion_protection

  depends_on = [
    module.encryption,
    module.network,
    module.registry,
    module.cluster,
    module.database,
    module.identity,
    module.backup,
    module.monitoring,
  ]

  provisioner "local-exec" {
    when    = destroy
    command = self.input ? "echo 'The hub is protected against deletion. Apply deletion_protection = false first.' >&2; exit 1" : "true"
  }
}

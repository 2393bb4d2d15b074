output "database" {
  description = "The database, in the shape that the hub module takes whichever the provider."
  value = {
    provider       = "on-premises"
    engine_version = null # that of the host's distribution
    host           = var.host.address
    reader_host    = null
    port           = 5432
    name           = "hub"
    user           = "hub"
    tls = {
      # A certificate that the host made itself proves nothing, so it can't be verified.
      mode                      = local.own ? "require" : "verify-full"
      certificate_authority_url = null
    }
    credentials = {
      kind         = "file"
      reference    = var.password_file
      user_key     = null
      password_key = null
    }
  }

  depends_on = [terraform_data.database]
}

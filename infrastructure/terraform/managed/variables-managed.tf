variable "cluster" {
  description = "The cluster that is there already. zones is the number of failure domains that its nodes are labelled with."
  type = object({
    provider                    = optional(string, "managed")
    name                        = string
    endpoint                    = optional(string)
    certificate_authority       = optional(string)
    kubernetes_version          = optional(string)
    zones                       = optional(number, 1)
    storage_class               = optional(string)
    image_repository            = optional(string)
    service_account_annotations = optional(map(string), {})
    kubeconfig_command          = optional(list(string), [])
  })

  validation {
    condition     = var.cluster.zones >= 1 && floor(var.cluster.zones) == var.cluster.zones
    error_message = "The cluster has at least one zone."
  }
}

variable "database" {
  description = "The PostgreSQL database that is there already. Credentials are named, never given: kind is kubernetes-secret, aws-secrets-manager or file, reference its name."
  type = object({
    provider       = optional(string, "managed")
    engine_version = optional(string)
    host           = string
    reader_host    = optional(string)
    port           = optional(number, 5432)
    name           = optional(string, "hub")
    user           = optional(string, "hub")
    tls = optional(object({
      mode                      = optional(string, "verify-full")
      certificate_authority_url = optional(string)
    }), {})
    credentials = object({
      kind         = string
      reference    = string
      user_key     = optional(string)
      password_key = optional(string)
    })
  })

  validation {
    condition     = var.database.port >= 1 && var.database.port <= 65535
    error_message = "The database's port has to be 1 to 65535."
  }

  validation {
    condition     = contains(["require", "verify-ca", "verify-full"], var.database.tls.mode)
    error_message = "The database's TLS mode has to be require, verify-ca or verify-full; a hub doesn't talk to its database in the clear."
  }

  validation {
    condition     = contains(["kubernetes-secret", "aws-secrets-manager", "file"], var.database.credentials.kind)
    error_message = "The kind of the database's credentials has to be kubernetes-secret, aws-secrets-manager or file."
  }
}

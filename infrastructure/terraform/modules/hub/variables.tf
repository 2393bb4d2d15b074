variable "name" {
  description = "Name of the hub."
  type        = string
}

variable "environment" {
  description = "Environment of the hub."
  type        = string
}

variable "payments_per_second" {
  description = "Payments per second that the hub is sized for."
  type        = number
}

variable "namespace" {
  description = "Kubernetes namespace of the hub."
  type        = string
}

variable "service_account" {
  description = "Kubernetes service account of the hub."
  type        = string
}

variable "cluster" {
  description = "A Kubernetes cluster, whoever made it."
  type = object({
    provider                    = string
    name                        = string
    endpoint                    = optional(string)
    certificate_authority       = optional(string)
    kubernetes_version          = optional(string)
    zones                       = number
    storage_class               = optional(string)
    image_repository            = optional(string)
    service_account_annotations = optional(map(string), {})
    kubeconfig_command          = optional(list(string), [])
  })
}

variable "database" {
  description = "A PostgreSQL database, whoever made it. Credentials are named, never given."
  type = object({
    provider       = string
    engine_version = optional(string)
    host           = string
    reader_host    = optional(string)
    port           = number
    name           = string
    user           = string
    tls = object({
      mode                      = string
      certificate_authority_url = optional(string)
    })
    credentials = object({
      kind         = string
      reference    = string
      user_key     = optional(string)
      password_key = optional(string)
    })
  })
}

variable "operations" {
  description = "What the infrastructure offers to those who run the hub."
  type = object({
    backup_location = optional(string)
    alarm_topic     = optional(string)
  })
  default = {}
}

variable "name" {
  description = "Name of the hub: small letters, digits and single hyphens, at most 24 characters. Names of all parts begin with it, so it is unique in its account."
  type        = string

  validation {
    condition     = length(var.name) <= 24 && can(regex("^[a-z]([a-z0-9]|-[a-z0-9])*$", var.name))
    error_message = "The name has to begin with a small letter, hold only small letters, digits and single hyphens between them, and have at most 24 characters, for example \"hub-production\"."
  }
}

variable "environment" {
  description = "Environment of the hub, for example production."
  type        = string
  default     = "default"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.environment))
    error_message = "The environment has to be a DNS label: small letters, digits and hyphens, at most 63 characters."
  }
}

variable "payments_per_second" {
  description = "Payments per second that the hub is sized for."
  type        = number

  validation {
    condition     = var.payments_per_second > 0 && var.payments_per_second <= 100000
    error_message = "Payments per second have to be more than 0 and at most 100000."
  }
}

variable "deletion_protection" {
  description = "Whether everything that holds data refuses to be deleted."
  type        = bool
  default     = true
}

variable "tags" {
  description = "Further tags for everything that has tags."
  type        = map(string)
  default     = {}

  validation {
    condition     = length(setintersection(keys(var.tags), ["project", "environment", "managed-by"])) == 0
    error_message = "The tags project, environment and managed-by are set already; choose other names."
  }
}

variable "namespace" {
  description = "Kubernetes namespace in which the hub will run."
  type        = string
  default     = "mojaloop"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.namespace))
    error_message = "The namespace has to be a DNS label: small letters, digits and hyphens, at most 63 characters."
  }
}

variable "service_account" {
  description = "Kubernetes service account under which the hub will run."
  type        = string
  default     = "mojaloop-hub"

  validation {
    condition     = can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", var.service_account))
    error_message = "The service account has to be a DNS label: small letters, digits and hyphens, at most 63 characters."
  }
}

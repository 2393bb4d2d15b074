variable "name" {
  description = "Name of the hub; the role's name begins with it."
  type        = string
}

variable "cluster_name" {
  description = "Name of the EKS cluster."
  type        = string
}

variable "namespace" {
  description = "Namespace of the hub."
  type        = string
}

variable "service_account" {
  description = "Service account of the hub."
  type        = string
}

variable "secret_arn" {
  description = "ARN of the only secret that the hub may read."
  type        = string
}

variable "key_arn" {
  description = "ARN of the key that encrypts the secret."
  type        = string
}

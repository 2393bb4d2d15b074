variable "name" {
  description = "Name of the hub; names of the alarms begin with it."
  type        = string
}

variable "database_identifier" {
  description = "Identifier of the Aurora cluster."
  type        = string
}

variable "vault_name" {
  description = "Name of the backup vault."
  type        = string
}

variable "key_arn" {
  description = "ARN of the key that encrypts the alarms."
  type        = string
}

variable "name" {
  description = "Name of the hub; names of the database's parts begin with it."
  type        = string
}

variable "network" {
  description = "The network, as a network module yields it."
  type = object({
    identifier      = string
    private_subnets = list(string)
  })
}

variable "client_security_group" {
  description = "Security group whose members may connect."
  type        = string
}

variable "engine_version" {
  description = "Major version of Aurora PostgreSQL. AWS chooses the minor one and raises it in the maintenance window."
  type        = string
}

variable "instance_class" {
  description = "Class of the instances."
  type        = string
}

variable "instances" {
  description = "Number of instances: one writes, the others take over."
  type        = number
}

variable "backup_retention_days" {
  description = "Days back to which the database can be restored to any second."
  type        = number
}

variable "deletion_protection" {
  description = "Whether AWS refuses to delete the database; without it, it goes without a final snapshot."
  type        = bool
}

variable "key_arn" {
  description = "ARN of the key that encrypts the data and the password."
  type        = string
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the log."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the log is kept."
  type        = number
}

variable "name" {
  description = "Name of the hub; names of the vault and the bucket begin with it."
  type        = string
}

variable "database_arn" {
  description = "ARN of the database that is backed up."
  type        = string
}

variable "key_arn" {
  description = "ARN of the key that encrypts the backups."
  type        = string
}

variable "retention_days" {
  description = "Days for which a backup is kept."
  type        = number
}

variable "deletion_protection" {
  description = "Whether deleting the bucket is refused while it holds anything. The vault refuses that always."
  type        = bool
}

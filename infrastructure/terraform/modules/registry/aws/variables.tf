variable "name" {
  description = "Name of the hub; the repository's name begins with it."
  type        = string
}

variable "key_arn" {
  description = "ARN of the key that encrypts the images."
  type        = string
}

variable "deletion_protection" {
  description = "Whether deleting the repository is refused while it holds images."
  type        = bool
}

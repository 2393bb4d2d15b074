variable "name" {
  description = "Name of the hub; the keys' aliases begin with it."
  type        = string
}

variable "deletion_protection" {
  description = "Whether a deleted key waits for the longest time that AWS offers (30 days) or the shortest (7)."
  type        = bool
}

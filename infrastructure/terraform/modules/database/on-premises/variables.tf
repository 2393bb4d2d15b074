variable "name" {
  description = "Name of the hub."
  type        = string
}

variable "host" {
  description = "Host of the database."
  type = object({
    name     = string
    address  = string
    port     = optional(number, 22)
    user     = string
    host_key = string
  })
}

variable "client_cidrs" {
  description = "Addresses from which the hub connects."
  type        = list(string)
}

variable "ssh_private_key_file" {
  description = "File with the private key for SSH; null means the SSH agent."
  type        = string
}

variable "password_file" {
  description = "File on the operator's machine that holds the database's password in one line."
  type        = string
}

variable "password_version" {
  description = "Raised when the password in the file has changed, since the password itself is never compared."
  type        = number
}

variable "certificate_file" {
  description = "File with the server's certificate chain; null means that the host makes a certificate of its own."
  type        = string
}

variable "certificate_key_file" {
  description = "File with the private key of the certificate."
  type        = string
}

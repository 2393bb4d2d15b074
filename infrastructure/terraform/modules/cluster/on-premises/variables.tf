variable "name" {
  description = "Name of the hub."
  type        = string
}

variable "hosts" {
  description = "Hosts of the cluster: the first with the role control-plane begins it, the others join."
  type = list(object({
    name     = string
    address  = string
    port     = optional(number, 22)
    user     = string
    host_key = string
    roles    = list(string)
  }))
}

variable "ssh_private_key_file" {
  description = "File with the private key for SSH; null means the SSH agent."
  type        = string
}

variable "join_token_file" {
  description = "File with the token (32 letters and digits) with which hosts join; null if there is one host only."
  type        = string
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
}

variable "minimum_cores" {
  description = "Fewest processor cores of a host."
  type        = number
}

variable "minimum_memory_mib" {
  description = "Least memory of a host in MiB."
  type        = number
}

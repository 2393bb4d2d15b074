variable "hosts" {
  description = "Machines with SSH. host_key is the public key that the host shows, as in known_hosts: \"ssh-ed25519 AAAA…\". The user is root or becomes it by sudo without a password."
  type = list(object({
    name     = string
    address  = string
    port     = optional(number, 22)
    user     = string
    host_key = string
    roles    = list(string)
  }))

  validation {
    condition     = alltrue([for host in var.hosts : can(regex("^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$", host.name))]) && length(distinct(var.hosts[*].name)) == length(var.hosts)
    error_message = "Names of hosts have to be DNS labels, and each its own."
  }

  validation {
    condition     = alltrue([for host in var.hosts : can(cidrhost("${host.address}/32", 0))])
    error_message = "Addresses of hosts have to be IPv4 addresses, such as \"192.0.2.10\"."
  }

  validation {
    condition     = alltrue([for host in var.hosts : can(regex("^(ssh-ed25519|ecdsa-sha2-nistp(256|384|521)|ssh-rsa) [A-Za-z0-9+/=]+", host.host_key))])
    error_message = "Each host_key has to be a public key such as \"ssh-ed25519 AAAA…\"; \"ssh-keyscan ADDRESS\" prints it, and the host's console confirms it."
  }

  validation {
    condition     = alltrue([for host in var.hosts : length(host.roles) > 0 && length(setsubtract(host.roles, ["control-plane", "worker", "database"])) == 0])
    error_message = "Each host has at least one of the roles control-plane, worker and database."
  }

  validation {
    condition     = length([for host in var.hosts : host if contains(host.roles, "control-plane")]) % 2 == 1
    error_message = "The number of hosts with the role control-plane has to be odd, since a majority of them decides."
  }

  validation {
    condition     = length([for host in var.hosts : host if contains(host.roles, "database")]) == 1
    error_message = "Exactly one host has the role database. For a database that survives the loss of its host, use one of your own with the root managed."
  }
}

variable "ssh_private_key_file" {
  description = "File with the private key for SSH; without one the SSH agent is asked."
  type        = string
  default     = null

  validation {
    condition     = var.ssh_private_key_file == null ? true : fileexists(pathexpand(var.ssh_private_key_file))
    error_message = "There is no such file."
  }
}

variable "cluster_join_token_file" {
  description = "File with the token with which hosts join the cluster: 32 letters and digits, for example from \"openssl rand -hex 16\". Not needed for one host."
  type        = string
  default     = null

  validation {
    condition     = var.cluster_join_token_file == null ? length([for host in var.hosts : host if length(setintersection(host.roles, ["control-plane", "worker"])) > 0]) == 1 : fileexists(pathexpand(var.cluster_join_token_file))
    error_message = "Several hosts make the cluster, so a file with a join token is needed."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes; MicroK8s comes from the channel of that name."
  type        = string
  default     = "1.33"

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "The Kubernetes version has to be a minor version such as \"1.33\"."
  }
}

variable "minimum_cores" {
  description = "Fewest processor cores of a host in the cluster."
  type        = number
  default     = 2
}

variable "minimum_memory_mib" {
  description = "Least memory of a host in the cluster, in MiB."
  type        = number
  default     = 4096
}

variable "database_password_file" {
  description = "File on this machine that holds the database's password in one line. It is sent to the host over SSH and is in no plan and no state."
  type        = string

  validation {
    condition     = fileexists(pathexpand(var.database_password_file))
    error_message = "There is no such file; make one that only you can read, for example with \"(umask 077; openssl rand -hex 24 > FILE)\"."
  }
}

variable "database_password_version" {
  description = "Raise it when the password in the file has changed."
  type        = number
  default     = 1
}

variable "database_certificate_file" {
  description = "File with the database server's certificate chain for the host's address. Without one the host makes its own, and clients encrypt but can't verify."
  type        = string
  default     = null

  validation {
    condition     = var.database_certificate_file == null ? true : fileexists(pathexpand(var.database_certificate_file))
    error_message = "There is no such file."
  }
}

variable "database_certificate_key_file" {
  description = "File with the private key of that certificate."
  type        = string
  default     = null

  validation {
    condition     = (var.database_certificate_key_file == null) == (var.database_certificate_file == null)
    error_message = "A certificate and its key go together: give both or neither."
  }
}

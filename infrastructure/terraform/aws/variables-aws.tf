variable "region" {
  description = "AWS region, for example eu-west-1."
  type        = string

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.region))
    error_message = "The region has to be an AWS region such as \"eu-west-1\"."
  }
}

variable "network_cidr" {
  description = "Addresses of the network, /16 to /20. It must not overlap with networks that will be connected to it."
  type        = string
  default     = "10.0.0.0/16"

  validation {
    condition     = can(cidrhost(var.network_cidr, 0)) && try(tonumber(split("/", var.network_cidr)[1]) >= 16 && tonumber(split("/", var.network_cidr)[1]) <= 20, false)
    error_message = "The network has to be an IPv4 range between /16 and /20, for example \"10.0.0.0/16\"."
  }

  validation {
    condition     = try(cidrhost(var.network_cidr, 0) == split("/", var.network_cidr)[0], false)
    error_message = "The network has to begin with its first address, for example \"10.0.0.0/16\" rather than \"10.0.1.0/16\"."
  }
}

variable "zones" {
  description = "Availability zones to spread over."
  type        = number
  default     = 3

  validation {
    condition     = contains([2, 3, 4], var.zones)
    error_message = "Zones have to be 2, 3 or 4: EKS and Aurora want at least two, and few regions have more than four."
  }
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes."
  type        = string
  default     = "1.33"

  validation {
    condition     = can(regex("^1\\.[0-9]{2}$", var.kubernetes_version))
    error_message = "The Kubernetes version has to be a minor version such as \"1.33\"."
  }
}

variable "node_instance_type" {
  description = "EC2 instance type of the nodes. Graviton types (m7g, c8g, …) get images for their processors."
  type        = string
  default     = "m7i.large"

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]*\\.[a-z0-9-]+$", var.node_instance_type))
    error_message = "The node instance type has to be an EC2 type such as \"m7i.large\"."
  }
}

variable "node_count_min" {
  description = "Fewest nodes."
  type        = number
  default     = 3

  validation {
    condition     = var.node_count_min >= 1 && floor(var.node_count_min) == var.node_count_min
    error_message = "At least one node is needed."
  }
}

variable "node_count_max" {
  description = "Most nodes, if an autoscaler runs in the cluster."
  type        = number
  default     = 6

  validation {
    condition     = var.node_count_max >= var.node_count_min && floor(var.node_count_max) == var.node_count_max
    error_message = "The most nodes can't be fewer than the fewest (node_count_min)."
  }
}

variable "database_version" {
  description = "Major version of Aurora PostgreSQL; AWS chooses the minor one."
  type        = string
  default     = "17"

  validation {
    condition     = can(regex("^1[5-9]$", var.database_version))
    error_message = "The database version has to be a major version of PostgreSQL from \"15\" on."
  }
}

variable "database_instance_class" {
  description = "Class of the database's instances."
  type        = string
  default     = "db.r7g.large"

  validation {
    condition     = startswith(var.database_instance_class, "db.")
    error_message = "The database's instance class begins with \"db.\", for example \"db.r7g.large\"."
  }
}

variable "database_instances" {
  description = "Instances of the database: one writes, the others take over."
  type        = number
  default     = 2

  validation {
    condition     = var.database_instances >= 1 && var.database_instances <= 15 && floor(var.database_instances) == var.database_instances
    error_message = "Database instances have to be 1 to 15; with 1 the loss of a zone stops the hub."
  }
}

variable "backup_retention_days" {
  description = "Days back to which the database can be restored to any second, and for which copies in the vault are kept."
  type        = number
  default     = 35

  validation {
    condition     = var.backup_retention_days >= 1 && var.backup_retention_days <= 35 && floor(var.backup_retention_days) == var.backup_retention_days
    error_message = "Backup retention has to be 1 to 35 days; AWS allows no more."
  }
}

variable "log_retention_days" {
  description = "Days for which logs are kept."
  type        = number
  default     = 365

  validation {
    condition     = contains([30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.log_retention_days)
    error_message = "Log retention has to be one of the periods that CloudWatch knows: 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653 days."
  }
}

variable "administrators" {
  description = "ARNs of the IAM roles and users that may administer the cluster. Empty means whoever applies; name them as soon as that is more than one."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for arn in var.administrators : can(regex("^arn:[a-z-]+:iam::[0-9]{12}:(role|user)/.+$", arn))])
    error_message = "Each administrator has to be the ARN of an IAM role or user, such as \"arn:aws:iam::111122223333:role/operators\"; sessions (sts) and the root user won't do."
  }
}

variable "api_access_cidrs" {
  description = "Addresses from which the Kubernetes API may be reached over the internet. Empty means that it is reached from the network only."
  type        = list(string)
  default     = []

  validation {
    condition     = alltrue([for cidr in var.api_access_cidrs : can(cidrhost(cidr, 0)) && !endswith(cidr, "/0")])
    error_message = "Each entry has to be a range such as \"203.0.113.0/24\"; the whole internet is not one."
  }
}

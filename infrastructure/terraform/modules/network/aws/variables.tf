variable "name" {
  description = "Name of the hub; names in the network begin with it."
  type        = string
}

variable "cidr" {
  description = "Addresses of the network, /16 to /20."
  type        = string
}

variable "zones" {
  description = "Number of availability zones, 2 to 4."
  type        = number
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the flow log."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the flow log is kept."
  type        = number
}

variable "interface_endpoints" {
  description = "AWS services that are reached inside the network: what a node needs to start the hub when NAT fails."
  type        = set(string)
  default     = ["ecr.api", "ecr.dkr", "eks-auth", "secretsmanager", "sts"]
}

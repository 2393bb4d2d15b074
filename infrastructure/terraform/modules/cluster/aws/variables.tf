variable "name" {
  description = "Name of the hub; names of the cluster's parts begin with it."
  type        = string
}

variable "network" {
  description = "The network, as a network module yields it."
  type = object({
    identifier      = string
    cidr            = string
    zones           = list(string)
    private_subnets = list(string)
  })
}

variable "kubernetes_version" {
  description = "Minor version of Kubernetes, for example 1.33."
  type        = string
}

variable "node_instance_type" {
  description = "EC2 instance type of the nodes."
  type        = string
}

variable "node_count_min" {
  description = "Fewest nodes."
  type        = number
}

variable "node_count_max" {
  description = "Most nodes."
  type        = number
}

variable "node_volume_gib" {
  description = "Size of a node's volume in GiB. It holds images and logs only; the hub keeps nothing on nodes."
  type        = number
  default     = 50
}

variable "administrators" {
  description = "ARNs of the IAM principals that may administer the cluster; empty means the one that applies."
  type        = list(string)
}

variable "api_access_cidrs" {
  description = "Addresses from which the Kubernetes API may be reached over the internet; empty means not at all."
  type        = list(string)
}

variable "key_arn" {
  description = "ARN of the key for Kubernetes' secrets and the nodes' volumes."
  type        = string
}

variable "log_key_arn" {
  description = "ARN of the key that encrypts the control plane's log."
  type        = string
}

variable "log_retention_days" {
  description = "Days for which the control plane's log is kept."
  type        = number
}

variable "image_repository" {
  description = "Repository from which the cluster pulls the hub's image, without tag."
  type        = string
}

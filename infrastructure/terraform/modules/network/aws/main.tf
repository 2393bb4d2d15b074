data "aws_region" "current" {}

data "aws_availability_zones" "available" {
  state = "available"

  # Local zones have neither EKS nor Aurora.
  filter {
    name   = "opt-in-status"
    values = ["opt-in-not-required"]
  }

  lifecycle {
    postcondition {
      condition     = length(self.names) >= var.zones
      error_message = "The region has fewer availability zones than asked for: ${join(", ", self.names)}."
    }
  }
}

locals {
  zones = slice(data.aws_availability_zones.available.names, 0, var.zones)

  # Private subnets are an eighth of the network each, since pods take addresses there; public ones a sixty-fourth,
  # from the fifth eighth on, so that a fourth zone can be added later without moving anything.
  private_cidrs = [for index in range(var.zones) : cidrsubnet(var.cidr, 3, index)]
  public_cidrs  = [for index in range(var.zones) : cidrsubnet(var.cidr, 6, 32 + index)]
}

resource "aws_vpc" "this" {
  cidr_block           = var.cidr
  enable_dns_hostnames = true
  enable_dns_support   = true
  tags                 = { Name = "${var.name}-network" }
}

# Whoever forgets to choose a security group gets this one: it lets nothing in or out.
resource "aws_default_security_group" "closed" {
  vpc_id = aws_vpc.this.id
  tags   = { Name = "${var.name}-closed" }
}

resource "aws_subnet" "public" {
  count                   = var.zones
  vpc_id                  = aws_vpc.this.id
  availability_zone       = local.zones[count.index]
  cidr_block              = local.public_cidrs[count.index]
  map_public_ip_on_launch = false
  tags = {
    Name                     = "${var.name}-public-${count.index + 1}"
    "kubernetes.io/role/elb" = "1"
  }

  # AWS may open or close a zone of the region; subnets that are there stay where they are.
  lifecycle {
    ignore_changes = [availability_zone]
  }
}

resource "aws_subnet" "private" {
  count                   = var.zones
  vpc_id                  = aws_vpc.this.id
  availability_zone       = local.zones[count.index]
  cidr_block              = local.private_cidrs[count.index]
  map_public_ip_on_launch = false
  tags = {
    Name                              = "${var.name}-private-${count.index + 1}"
    "kubernetes.io/role/internal-elb" = "1"
  }

  lifecycle {
    ignore_changes = [availability_zone]
  }
}

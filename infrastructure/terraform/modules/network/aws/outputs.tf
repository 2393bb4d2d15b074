output "network" {
  description = "The network, in the shape that every provider's cluster and database take."
  value = {
    provider        = "aws"
    identifier      = aws_vpc.this.id
    cidr            = aws_vpc.this.cidr_block
    zones           = local.zones
    public_subnets  = aws_subnet.public[*].id
    private_subnets = aws_subnet.private[*].id

    # Where the hub's own calls come from; FSPs that filter by address need them.
    egress_addresses = aws_eip.nat[*].public_ip
  }
}

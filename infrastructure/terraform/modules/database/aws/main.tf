resource "aws_security_group" "database" {
  name        = "${var.name}-database"
  description = "Database of ${var.name}"
  vpc_id      = var.network.identifier
  tags        = { Name = "${var.name}-database" }

  ingress {
    description     = "PostgreSQL from the nodes"
    from_port       = 5432
    to_port         = 5432
    protocol        = "tcp"
    security_groups = [var.client_security_group]
  }
}

resource "aws_db_subnet_group" "this" {
  name        = "${var.name}-database"
  description = "Private subnets of ${var.name}"
  subnet_ids  = var.network.private_subnets
}

resource "aws_cloudwatch_log_group" "database" {
  name              = "/aws/rds/cluster/${var.name}-database/postgresql"
  kms_key_id        = var.log_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_rds_cluster" "this" {
  cluster_identifier = "${var.name}-database"
  engine             = "aurora-postgresql"
  engine_version     = var.engine_version
  database_name      = "hub"

  # RDS makes the password, keeps it in Secrets Manager and changes it; it is never in a plan or a state.
  master_username               = "hub"
  manage_master_user_password   = true
  master_user_secret_kms_key_id = var.key_arn

  iam_database_authentication_enabled = true
  db_subnet_group_name                = aws_db_subnet_group.this.name
  vpc_security_group_ids              = [aws_security_group.database.id]
  db_cluster_parameter_group_name     = aws_rds_cluster_parameter_group.this.name
  storage_encrypted                   = true
  kms_key_id                          = var.key_arn

  backup_retention_period      = var.backup_retention_days
  preferred_backup_window      = "01:00-02:00"
  preferred_maintenance_window = "sun:02:30-sun:03:30"
  copy_tags_to_snapshot        = true
  deletion_protection          = var.deletion_protection
  skip_final_snapshot          = !var.deletion_protection
  final_snapshot_identifier    = "${var.name}-final"

  enabled_cloudwatch_logs_exports = ["postgresql"]

  depends_on = [aws_cloudwatch_log_group.database]
}

resource "aws_rds_cluster_instance" "this" {
  count                        = var.instances
  identifier                   = "${var.name}-database-${count.index + 1}"
  cluster_identifier           = aws_rds_cluster.this.id
  engine                       = aws_rds_cluster.this.engine
  instance_class               = var.instance_class
  db_subnet_group_name         = aws_db_subnet_group.this.name
  db_parameter_group_name      = aws_db_parameter_group.this.name
  publicly_accessible          = false
  auto_minor_version_upgrade   = true
  copy_tags_to_snapshot        = true
  preferred_maintenance_window = "sun:02:30-sun:03:30"
  promotion_tier               = 1
  monitoring_interval          = 60
  monitoring_role_arn          = aws_iam_role.monitoring.arn
}

resource "aws_rds_cluster_parameter_group" "this" {
  name        = "${var.name}-database"
  description = "Database of ${var.name}"
  family      = "aurora-postgresql${var.engine_version}"

  # Refuses connections without TLS.
  parameter {
    name  = "rds.force_ssl"
    value = "1"
  }

  # Changes of the schema are rare and worth a line each; data must not reach the log.
  parameter {
    name  = "log_statement"
    value = "ddl"
  }

  # In milliseconds. A statement of the hub takes a few; one that takes a second has a reason to be looked at.
  parameter {
    name  = "log_min_duration_statement"
    value = "1000"
  }
}

resource "aws_db_parameter_group" "this" {
  name        = "${var.name}-database"
  description = "Instances of the database of ${var.name}"
  family      = "aurora-postgresql${var.engine_version}"
}

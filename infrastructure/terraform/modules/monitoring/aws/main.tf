resource "aws_sns_topic" "alarms" {
  name              = "${var.name}-alarms"
  kms_master_key_id = var.key_arn
}

# The hub watches itself with its own metrics and rules; these alarms are about what it can't see from inside.
resource "aws_cloudwatch_metric_alarm" "database_processor" {
  alarm_name          = "${var.name}-database-processor"
  alarm_description   = "The database has been busy for five minutes; payments will wait. Take a larger instance class."
  namespace           = "AWS/RDS"
  metric_name         = "CPUUtilization"
  dimensions          = { DBClusterIdentifier = var.database_identifier, Role = "WRITER" }
  statistic           = "Average"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 80 # per cent
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "breaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "database_memory" {
  alarm_name          = "${var.name}-database-memory"
  alarm_description   = "The database is about to run out of memory."
  namespace           = "AWS/RDS"
  metric_name         = "FreeableMemory"
  dimensions          = { DBClusterIdentifier = var.database_identifier }
  statistic           = "Minimum"
  comparison_operator = "LessThanThreshold"
  threshold           = 536870912 # bytes: half a GiB
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "missing"
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "database_replica_lag" {
  alarm_name          = "${var.name}-database-replica-lag"
  alarm_description   = "The standby lags behind; a failover would take longer."
  namespace           = "AWS/RDS"
  metric_name         = "AuroraReplicaLagMaximum"
  dimensions          = { DBClusterIdentifier = var.database_identifier }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 2000 # milliseconds
  period              = 60
  evaluation_periods  = 5
  treat_missing_data  = "notBreaching" # one instance has no replica
  alarm_actions       = [aws_sns_topic.alarms.arn]
  ok_actions          = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "database_deadlocks" {
  alarm_name          = "${var.name}-database-deadlocks"
  alarm_description   = "Transactions of the hub block each other, which they are written never to do."
  namespace           = "AWS/RDS"
  metric_name         = "Deadlocks"
  dimensions          = { DBClusterIdentifier = var.database_identifier }
  statistic           = "Maximum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 300
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

resource "aws_cloudwatch_metric_alarm" "backup_failed" {
  alarm_name          = "${var.name}-backup-failed"
  alarm_description   = "A copy of the database into the vault failed."
  namespace           = "AWS/Backup"
  metric_name         = "NumberOfBackupJobsFailed"
  dimensions          = { BackupVaultName = var.vault_name }
  statistic           = "Sum"
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  period              = 3600
  evaluation_periods  = 1
  treat_missing_data  = "notBreaching"
  alarm_actions       = [aws_sns_topic.alarms.arn]
}

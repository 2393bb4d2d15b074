output "topic" {
  description = "ARN of the topic that alarms are sent to; somebody has to subscribe."
  value       = aws_sns_topic.alarms.arn
}

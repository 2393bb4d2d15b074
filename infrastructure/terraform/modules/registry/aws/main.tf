# The cluster pulls from its own region and account: a public registry that is down or gone can't stop a restart.
resource "aws_ecr_repository" "hub" {
  name                 = "${var.name}-hub"
  image_tag_mutability = "IMMUTABLE"
  force_delete         = !var.deletion_protection

  image_scanning_configuration {
    scan_on_push = true
  }

  encryption_configuration {
    encryption_type = "KMS"
    kms_key         = var.key_arn
  }
}

# Tagged images are releases and stay, since any of them may have to be deployed again.
resource "aws_ecr_lifecycle_policy" "hub" {
  repository = aws_ecr_repository.hub.name
  policy = jsonencode({
    rules = [{
      rulePriority = 1
      description  = "Untagged images go after two weeks"
      selection = {
        tagStatus   = "untagged"
        countType   = "sinceImagePushed"
        countUnit   = "days"
        countNumber = 14
      }
      action = { type = "expire" }
    }]
  })
}

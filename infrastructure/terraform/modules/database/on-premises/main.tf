locals {
  directory   = ".mojaloop-${var.name}-database"
  private_key = var.ssh_private_key_file == null ? null : file(pathexpand(var.ssh_private_key_file))
  own         = var.certificate_file == null

  # Provisioners can't be left out on a condition, so without a certificate an empty file travels.
  certificate     = local.own ? "${path.module}/scripts/none.pem" : pathexpand(var.certificate_file)
  certificate_key = local.own ? "${path.module}/scripts/none.pem" : pathexpand(var.certificate_key_file)
}

resource "terraform_data" "database" {
  triggers_replace = {
    address          = var.host.address
    client_cidrs     = var.client_cidrs
    password_version = var.password_version
    certificate      = filesha256(local.certificate)
    script           = filesha256("${path.module}/scripts/install.sh")
  }

  connection {
    host        = var.host.address
    port        = var.host.port
    user        = var.host.user
    host_key    = var.host.host_key
    private_key = local.private_key
    agent       = local.private_key == null
  }

  # Files with secrets land in a folder that nobody else can enter, and the script removes them whatever happens.
  provisioner "remote-exec" {
    inline = ["mkdir -p -m 700 ${local.directory}"]
  }

  provisioner "file" {
    source      = "${path.module}/scripts/install.sh"
    destination = "${local.directory}/install.sh"
  }

  provisioner "file" {
    source      = local.certificate
    destination = "${local.directory}/certificate.pem"
  }

  provisioner "file" {
    source      = local.certificate_key
    destination = "${local.directory}/certificate-key.pem"
  }

  provisioner "file" {
    source      = pathexpand(var.password_file)
    destination = "${local.directory}/password"
  }

  provisioner "remote-exec" {
    inline = ["$([ \"$(id -u)\" = 0 ] || echo sudo -n) bash ${local.directory}/install.sh ${local.directory} ${var.host.address} ${join(" ", var.client_cidrs)}"]
  }
}

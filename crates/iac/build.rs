//! A file that is added to the infrastructure's code makes the program anew.

fn main() {
    println!("cargo:rerun-if-changed=../../infrastructure");
}

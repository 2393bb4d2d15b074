//! A file that is added to the chart makes the program anew.

fn main() {
    println!("cargo:rerun-if-changed=../../charts/mojaloop-hub");
}

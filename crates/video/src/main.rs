//! The eyes: one process that opens every stream once and hands pictures to the hub.

fn main() {}

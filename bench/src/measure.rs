//! What is measured: CPU time and memory of processes, instructions, system calls, the machine.

mod callgrind;
mod machine;
mod noise;
mod processes;
mod strace;

pub(crate) use callgrind::{Callgrind, Profile};
pub(crate) use machine::Machine;
pub(crate) use noise::{Noise, Work};
pub(crate) use processes::{Cpu, Memory, cpu, memory};
pub(crate) use strace::{Strace, SystemCalls};

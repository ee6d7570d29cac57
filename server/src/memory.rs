//! Where the memory of a server must not go: into a core file, and, as far as the machine allows, into swap.

use rustix::mm::{MlockAllFlags, mlockall};
use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};

/// Keeps this process out of core files, and out of swap if it may lock memory without limit; says whether it did the
/// second. Under a limit it is not tried: what goes beyond would be refused to whoever asks for memory later.
pub fn keep() -> bool {
    let _ = setrlimit(Resource::Core, Rlimit { current: Some(0), maximum: Some(0) }); // lowering is always allowed
    let unlimited = getrlimit(Resource::Memlock).current.is_none();
    // pages that nobody ever touched, of the stacks of threads above all, stay unwritten and take no room
    let all = MlockAllFlags::CURRENT | MlockAllFlags::FUTURE | MlockAllFlags::ONFAULT;
    unlimited && mlockall(all).is_ok()
}

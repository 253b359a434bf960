import CLinux
import Glibc
import Secrets

/// A file in memory that holds a secret and can no longer be changed by anybody: what a hook gets
/// as its standard input.
package struct SealedMemory: ~Copyable, Sendable {
    /// The file, open at its beginning.
    package let descriptor: Descriptor

    /// Copies the secret into a file without a name (memfd_create(2)) and seals it
    /// (F_SEAL_WRITE, SHRINK, GROW, SEAL).
    package init(_ secret: borrowing SecretBytes) throws(SystemError) {
        let made = cl_memfd("keyturn")
        try require(made >= 0, "memfd_create")
        let descriptor = Descriptor(adopting: made)
        try descriptor.write(secret.bytes)
        try require(cl_seal(descriptor.number) == 0, "fcntl")
        try require(lseek(descriptor.number, 0, SEEK_SET) == 0, "lseek")
        self.descriptor = descriptor
    }

    /// Whether every seal is on.
    package var isSealed: Bool { cl_seals(descriptor.number) & cl_all_seals == cl_all_seals }

    /// Gives the number of the file away; whoever takes it closes it.
    package consuming func release() -> Int32 { descriptor.release() }
}

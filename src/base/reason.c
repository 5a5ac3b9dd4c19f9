/*
 * reason.c -- the texts of error numbers, the same on every system.
 *
 * Scripts compare these texts, so they come from a table and not from the
 * libc. Numbers that a system lacks, or gives to two names, drop out here.
 * Source: the 0.76 specification, 1.2.
 */
#include <errno.h>
#include <stddef.h>

#include "base/diag.h"

struct reason {
	int error;
	const char *text;
};

/* clang-format off */
static const struct reason reasons[] = {
	{0, "no error"},
	{EINTR, "interrupted system call"},
	{ENOMEM, "out of memory"},
	{ENOENT, "file does not exist"},
	{ETXTBSY, "text busy"},
	{EIO, "input/output error"},
	{EEXIST, "file already exists"},
	{ETIMEDOUT, "timed out"},
	{EINPROGRESS, "operation in progress"},
	{EAGAIN, "temporary failure"},
	{EWOULDBLOCK, "input/output would block"},
	{EPIPE, "broken pipe"},
	{EPERM, "permission denied"},
	{EACCES, "access denied"},
	{ENXIO, "device not configured"},
	{EPROTO, "protocol error"},
	{EISDIR, "is a directory"},
	{ECONNREFUSED, "connection refused"},
	{ENOTDIR, "not a directory"},
	{ESRCH, "no such process"},
	{E2BIG, "argument list too long"},
	{ENOEXEC, "exec format error"},
	{EBADF, "file descriptor not open"},
	{ECHILD, "no child processes"},
	{EDEADLK, "operation would cause deadlock"},
	{EFAULT, "bad address"},
	{EBUSY, "device busy"},
	{EXDEV, "cross-device link"},
	{ENODEV, "device does not support operation"},
	{EINVAL, "invalid argument"},
	{ENFILE, "system cannot open more files"},
	{EMFILE, "process cannot open more files"},
	{ENOTTY, "not a tty"},
	{EFBIG, "file too big"},
	{ENOSPC, "out of disk space"},
	{ESPIPE, "unseekable descriptor"},
	{EROFS, "read-only file system"},
	{EMLINK, "too many links"},
	{EDOM, "input out of range"},
	{ERANGE, "output out of range"},
	{EALREADY, "operation already in progress"},
	{ENOTSOCK, "not a socket"},
	{EDESTADDRREQ, "destination address required"},
	{EMSGSIZE, "message too long"},
	{EPROTOTYPE, "incorrect protocol type"},
	{ENOPROTOOPT, "protocol not available"},
	{EPROTONOSUPPORT, "protocol not supported"},
	{EOPNOTSUPP, "operation not supported"},
	{EAFNOSUPPORT, "address family not supported"},
	{EADDRINUSE, "address already used"},
	{EADDRNOTAVAIL, "address not available"},
	{ENETDOWN, "network down"},
	{ENETUNREACH, "network unreachable"},
	{ENETRESET, "network reset"},
	{ECONNABORTED, "connection aborted"},
	{ECONNRESET, "connection reset"},
	{ENOBUFS, "out of buffer space"},
	{EISCONN, "already connected"},
	{ENOTCONN, "not connected"},
	{ELOOP, "symbolic link loop"},
	{ENAMETOOLONG, "file name too long"},
	{EHOSTUNREACH, "host unreachable"},
	{ENOTEMPTY, "directory not empty"},
	{EDQUOT, "disk quota exceeded"},
	{ESTALE, "stale NFS file handle"},
	{ENOLCK, "no locks available"},
	{ENOSYS, "system call not available"},
	{ENOMSG, "no message of desired type"},
	{EBADMSG, "bad message type"},
	{EIDRM, "identifier removed"},
	{ENOLINK, "link severed"},
	{EMULTIHOP, "multihop attempted"},
#ifdef ENOTBLK
	{ENOTBLK, "not a block device"},
#endif
#ifdef ESOCKTNOSUPPORT
	{ESOCKTNOSUPPORT, "socket type not supported"},
#endif
#ifdef EPFNOSUPPORT
	{EPFNOSUPPORT, "protocol family not supported"},
#endif
#ifdef ESHUTDOWN
	{ESHUTDOWN, "socket shut down"},
#endif
#ifdef ETOOMANYREFS
	{ETOOMANYREFS, "too many references"},
#endif
#ifdef EHOSTDOWN
	{EHOSTDOWN, "host down"},
#endif
#ifdef EUSERS
	{EUSERS, "too many users"},
#endif
#ifdef EREMOTE
	{EREMOTE, "too many levels of remote in path"},
#endif
#ifdef ENOSTR
	{ENOSTR, "not a stream device"},
#endif
#ifdef ETIME
	{ETIME, "timer expired"},
#endif
#ifdef ENOSR
	{ENOSR, "out of stream resources"},
#endif
#ifdef ENONET
	{ENONET, "machine not on network"},
#endif
#ifdef EADV
	{EADV, "advertise error"},
#endif
#ifdef ESRMNT
	{ESRMNT, "srmount error"},
#endif
#ifdef ECOMM
	{ECOMM, "communication error"},
#endif
#ifdef EREMCHG
	{EREMCHG, "remote address changed"},
#endif
#ifdef EPROCLIM
	{EPROCLIM, "too many processes"},
#endif
#ifdef EBADRPC
	{EBADRPC, "RPC structure is bad"},
#endif
#ifdef ERPCMISMATCH
	{ERPCMISMATCH, "RPC version mismatch"},
#endif
#ifdef EPROGUNAVAIL
	{EPROGUNAVAIL, "RPC program unavailable"},
#endif
#ifdef EPROGMISMATCH
	{EPROGMISMATCH, "program version mismatch"},
#endif
#ifdef EPROCUNAVAIL
	{EPROCUNAVAIL, "bad procedure for program"},
#endif
#ifdef EFTYPE
	{EFTYPE, "bad file type"},
#endif
#ifdef EAUTH
	{EAUTH, "authentication error"},
#endif
#ifdef ENEEDAUTH
	{ENEEDAUTH, "not authenticated"},
#endif
#ifdef ERREMOTE
	{ERREMOTE, "object not local"},
#endif
};
/* clang-format on */

const char *diag_reason(int error)
{
	/* Where two names share a number (EAGAIN), the first row wins. */
	for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
		if (reasons[i].error == error)
			return reasons[i].text;
	}
	return "unknown error";
}

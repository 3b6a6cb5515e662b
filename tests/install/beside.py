# On the air by ctypes, with no header and no linker: and beside it Python's ssl and PyAV, which bring the
# OpenSSL and the libvpx that they were built with into the process. All work at once.
import ctypes
import os
import socket
import ssl
import threading
import time

import av

framewire = ctypes.CDLL("libframewire.so.1")
framewire.framewire_last_error.restype = ctypes.c_char_p


class Frame(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("format", ctypes.c_uint32), ("width", ctypes.c_uint32),
                ("height", ctypes.c_uint32), ("reserved", ctypes.c_uint32), ("planes", ctypes.c_void_p * 3),
                ("strides", ctypes.c_size_t * 3), ("captured", ctypes.c_uint64)]


class Server(ctypes.Structure):
    """framewire_server_options; what is not named is zero."""
    _fields_ = [("size", ctypes.c_size_t), ("events", ctypes.c_void_p), ("bind", ctypes.c_char_p),
                ("media_address", ctypes.c_char_p), ("zero", ctypes.c_uint64 * 13)]


class Source(ctypes.Structure):
    """framewire_source_options, likewise."""
    _fields_ = [("size", ctypes.c_size_t), ("events", ctypes.c_void_p), ("fps", ctypes.c_double),
                ("media", ctypes.c_uint32), ("zero", ctypes.c_uint32 * 11)]


def must(status):
    assert status == 0, framewire.framewire_last_error()


def on_air():
    source, server = ctypes.c_void_p(), ctypes.c_void_p()
    options = Server(ctypes.sizeof(Server), None, os.environ["FRAMEWIRE_BIND"].encode(), b"127.0.0.1")
    only_picture = Source(ctypes.sizeof(Source), None, 0, 1)
    must(framewire.framewire_source_new(ctypes.byref(only_picture), ctypes.byref(source)))
    must(framewire.framewire_server_new(ctypes.byref(options), ctypes.byref(server)))
    must(framewire.framewire_server_publish(server, b"beside", source))
    address = ctypes.create_string_buffer(64)
    must(framewire.framewire_server_address(server, address, ctypes.c_size_t(64), None))
    pixels = (ctypes.c_uint8 * (64 * 64 * 4))()
    planes = (ctypes.c_void_p * 3)(ctypes.addressof(pixels))
    frame = Frame(ctypes.sizeof(Frame), 5, 64, 64, 0, planes)
    threading.Thread(target=push, args=(source, frame, pixels), daemon=True).start()
    print(f"on the air: http://{address.value.decode()}/watch/beside", flush=True)


def push(source, frame, pixels):
    while True:
        pixels[0] ^= 1
        must(framewire.framewire_source_push_video(source, ctypes.byref(frame), None))
        time.sleep(1 / 30)


def secret_handshake():
    """Python's OpenSSL talks to itself, without a certificate: TLS 1.2 with keys of the moment alone."""
    sides = [ssl.SSLContext(kind) for kind in (ssl.PROTOCOL_TLS_SERVER, ssl.PROTOCOL_TLS_CLIENT)]
    for side in sides:
        side.maximum_version = ssl.TLSVersion.TLSv1_2
        side.check_hostname, side.verify_mode = False, ssl.CERT_NONE
        side.set_ciphers("AECDH-AES128-SHA:@SECLEVEL=0")
    one, other = socket.socketpair()
    serving = threading.Thread(target=lambda: sides[0].wrap_socket(one, server_side=True).sendall(b"hello"))
    serving.start()
    heard = sides[1].wrap_socket(other).recv(5)
    serving.join()
    assert heard == b"hello"


def code(count):
    """PyAV's libvpx encodes and decodes."""
    encoder, decoder = av.CodecContext.create("libvpx", "w"), av.CodecContext.create("libvpx", "r")
    encoder.width, encoder.height, encoder.pix_fmt = 64, 64, "yuv420p"
    encoder.framerate = count
    pictures = 0
    for number in range(count):
        picture = av.VideoFrame(64, 64, "yuv420p")
        picture.pts = number
        for packet in encoder.encode(picture):
            pictures += len(decoder.decode(packet))
    assert pictures > 0


on_air()
for _ in range(5):
    secret_handshake()
    code(30)
print("beside: ssl and libvpx work", flush=True)
threading.Event().wait()

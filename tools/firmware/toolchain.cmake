# SPDX-License-Identifier: MIT-0
# An example of a toolchain file: cmake --toolchain tools/firmware/toolchain.cmake -DFIRMWARE_TRIPLE=arm-linux-gnueabihf
# -DFIRMWARE_SYSROOT=/path/of/sysroot -DFIRMWARE_PREFIX=/path/of/libraries ... A vendor's SDK states the three values:
# the prefix of its compiler's name, the root of the camera's headers and libraries, and the folder with the libcurl of
# tools/firmware (optional; without it the sysroot's is taken).
set(CMAKE_SYSTEM_NAME Linux)
set(FIRMWARE_TRIPLE "arm-linux-gnueabihf" CACHE STRING "prefix of the compiler's name")
set(FIRMWARE_SYSROOT "" CACHE PATH "headers and libraries of the camera")
set(FIRMWARE_PREFIX "" CACHE PATH "libcurl and the TLS library that were built for the camera")
set(FIRMWARE_FLAGS "" CACHE STRING "flags of the processor: -march, -mfpu, ...")
# try_compile() runs this file again, without the cache
list(APPEND CMAKE_TRY_COMPILE_PLATFORM_VARIABLES FIRMWARE_TRIPLE FIRMWARE_SYSROOT FIRMWARE_PREFIX FIRMWARE_FLAGS)

string(REGEX REPLACE "-.*" "" CMAKE_SYSTEM_PROCESSOR "${FIRMWARE_TRIPLE}")
set(CMAKE_C_COMPILER ${FIRMWARE_TRIPLE}-gcc)
set(CMAKE_C_FLAGS_INIT "${FIRMWARE_FLAGS}")
if(FIRMWARE_SYSROOT)
  set(CMAKE_SYSROOT "${FIRMWARE_SYSROOT}")
endif()
set(CMAKE_FIND_ROOT_PATH "${FIRMWARE_PREFIX}" "${FIRMWARE_SYSROOT}")
set(CMAKE_FIND_ROOT_PATH_MODE_PROGRAM NEVER)
set(CMAKE_FIND_ROOT_PATH_MODE_LIBRARY ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_INCLUDE ONLY)
set(CMAKE_FIND_ROOT_PATH_MODE_PACKAGE ONLY)

# pkg-config looks only at the camera's libraries, never at those of the machine that compiles.
if(FIRMWARE_PREFIX)
  set(ENV{PKG_CONFIG_LIBDIR} "${FIRMWARE_PREFIX}/lib/pkgconfig")
else()
  set(ENV{PKG_CONFIG_SYSROOT_DIR} "${FIRMWARE_SYSROOT}")
  set(ENV{PKG_CONFIG_LIBDIR} "${FIRMWARE_SYSROOT}/usr/lib/${FIRMWARE_TRIPLE}/pkgconfig:${FIRMWARE_SYSROOT}/usr/lib/pkgconfig:${FIRMWARE_SYSROOT}/usr/share/pkgconfig")
endif()

# Unit tests run under an emulator of the processor, if there is one.
find_program(FIRMWARE_QEMU NAMES qemu-${CMAKE_SYSTEM_PROCESSOR}-static qemu-${CMAKE_SYSTEM_PROCESSOR}
             NO_CMAKE_FIND_ROOT_PATH)
if(FIRMWARE_QEMU AND NOT CMAKE_CROSSCOMPILING_EMULATOR)
  set(CMAKE_CROSSCOMPILING_EMULATOR ${FIRMWARE_QEMU} -L ${FIRMWARE_SYSROOT})
endif()

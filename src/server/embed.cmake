# SPDX-License-Identifier: MIT-0
# cmake -DDIR=folder -DOUT=file.c -P embed.cmake: the folder's files, each compressed, as C arrays and one table.
file(GLOB_RECURSE files RELATIVE ${DIR} ${DIR}/*)
set(arrays "")
set(table "")
set(n 0)
foreach(name ${files})
  execute_process(COMMAND gzip -9nc ${DIR}/${name} OUTPUT_FILE ${OUT}.gz COMMAND_ERROR_IS_FATAL ANY)
  file(READ ${OUT}.gz bytes HEX)
  string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
  string(APPEND arrays "static const unsigned char file_${n}[] = {${bytes}};\n")
  string(APPEND table "    {\"${name}\", file_${n}, sizeof file_${n}},\n")
  math(EXPR n "${n} + 1")
endforeach()
file(REMOVE ${OUT}.gz)
file(WRITE ${OUT} "#include \"server/files.h\"\n\n${arrays}\nconst s3hls__embedded_file s3hls__embedded_files[] = {\n"
  "${table}};\nconst size_t s3hls__embedded_file_count = ${n};\n")

# s3hls_module(NAME FILE... [USES module...]): one folder under src/ as a target, from which libraries, tests and
# fuzz targets are made. USES names the modules that it calls.
function(s3hls_module name)
  cmake_parse_arguments(M "" "" "USES" ${ARGN})
  add_library(module_${name} OBJECT ${M_UNPARSED_ARGUMENTS})
  target_include_directories(module_${name} PUBLIC ${PROJECT_SOURCE_DIR}/include PRIVATE ${PROJECT_SOURCE_DIR}/src)
  set_target_properties(module_${name} PROPERTIES S3HLS_USES "${M_USES}")
endfunction()

# s3hls_hot(FILE...): each byte of video passes through these files of a module, so that they are built for speed.
function(s3hls_hot)
  set_property(SOURCE ${ARGN} APPEND PROPERTY COMPILE_OPTIONS $<$<CONFIG:Release>:${S3HLS_HOT_FLAGS}>)
endfunction()

# s3hls_module_objects(OUT module...): the objects of these modules and of all that they use.
function(s3hls_module_objects out)
  set(todo ${ARGN})
  set(done)
  set(objects)
  while(todo)
    list(POP_FRONT todo name)
    if(NOT name IN_LIST done)
      list(APPEND done ${name})
      list(APPEND objects $<TARGET_OBJECTS:module_${name}>)
      get_target_property(uses module_${name} S3HLS_USES)
      list(APPEND todo ${uses})
    endif()
  endwhile()
  set(${out} ${objects} PARENT_SCOPE)
endfunction()
